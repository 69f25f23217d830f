use commit_on_success::commit_on_success;

struct Handle(*mut u8);

#[commit_on_success]
unsafe impl Send for Handle {}

fn main() {
    std::thread::spawn(|| drop(Handle(std::ptr::null_mut())));
}
