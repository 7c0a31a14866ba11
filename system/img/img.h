#pragma once

namespace ferry::system::img {

/// `ferry-system img …`: creates, examines and changes disk images. Answers the exit status.
int main(int count, char** words);

}  // namespace ferry::system::img
